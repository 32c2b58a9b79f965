-- How each channel has been doing.
SELECT channel, failures, disabled_at, error
FROM channel_states FINAL
ORDER BY channel
