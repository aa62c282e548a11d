"""What stands around the canvas: the method's form, layers, history, tool options, candidates, status."""
