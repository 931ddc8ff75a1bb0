"""A Model Context Protocol server on standard input and output that offers this stage's tools.

    python3 -m hivemind_agent.mcp

Any program that speaks MCP can so be an agent: it starts this as its server and finds what the bridge allows, no more.
"""
