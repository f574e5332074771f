"""The pytest plugin: fixtures for the tests of programs that use anytws."""
