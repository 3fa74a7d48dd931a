"""Simulated six-band quasar light curves: population, cadence, damped random walk, noise, Kalman filter."""
