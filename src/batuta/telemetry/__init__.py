"""What happens, told to those who watch: metrics, traces, and what log lines are made of.

`metrics` counts, `traces` follows one request through processes, `http` sees every request, `calls` every
call of a service. Low in the house, so that anybody may tell; nothing here knows what a job or a caption is.
"""
