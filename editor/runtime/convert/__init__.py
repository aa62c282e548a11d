"""Other formats of weights into ONNX."""
