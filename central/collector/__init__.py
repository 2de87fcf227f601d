"""The collector: takes sealed records in and gives receipts; it holds no key that opens one."""
