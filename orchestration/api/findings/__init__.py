"""Findings, rejections, agreement: the marts as lists, pictures by URL, and what is behind a finding."""
