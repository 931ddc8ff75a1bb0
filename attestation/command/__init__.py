"""What commands share that read files: the rest of the kernel reads none."""
