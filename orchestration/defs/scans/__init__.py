"""Retrieved scans."""
