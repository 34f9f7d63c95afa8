"""Pictures in and out. Import its modules: some need Pillow alone, some torch."""
