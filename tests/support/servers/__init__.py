"""Real servers on free loopback ports, started once per test process and stopped after."""
