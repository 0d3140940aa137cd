"""Measurements that anyone can run. Every figure is of one run; what is told are ratios."""
