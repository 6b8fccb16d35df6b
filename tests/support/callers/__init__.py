"""Small programs around the callers that are libraries."""
