"""The canvas: shows a document and its masks, and hands the pointer to a tool."""
