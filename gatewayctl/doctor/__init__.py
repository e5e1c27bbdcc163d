"""What `gatewayctl doctor` looks at: each module one part of the set-up, each check a list of findings."""
