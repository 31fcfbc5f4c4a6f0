// Package resources asks limits: cgroups, rlimits, memory.
package resources
