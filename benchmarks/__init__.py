"""What is measured, and how; figures are published in docs/performance.md."""
