"""Engines run in worker processes that can be killed (ARCHITECTURE, decision 7).

`pool.EnginePool` is the whole public face. It is not imported here: the child process imports this package
too, and should be at work in a tenth of a second.
"""
