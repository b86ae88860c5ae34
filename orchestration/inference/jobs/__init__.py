"""The jobs that come with doubleread."""
