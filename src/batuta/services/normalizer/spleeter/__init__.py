"""Voices apart from everything else, by Spleeter with two stems: `separation.separate` is the way in.

Works on stereo of 44.1 kHz only; `normalizer/vocals.py` brings any sound there and back. Importing it does
not load onnxruntime; `model.load` does.
"""
