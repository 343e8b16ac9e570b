// Package connectortest checks that a port keeps the conditions of package
// connector. Whoever writes a connector calls Check from its tests. Tests only.
package connectortest
