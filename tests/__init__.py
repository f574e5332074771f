"""The tests. A package of its own: wheels of others bring a package of this name, and would be taken for it."""
