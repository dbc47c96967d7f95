"""Where a policy leaves the demonstrated states, what that costs, and what to record next."""
