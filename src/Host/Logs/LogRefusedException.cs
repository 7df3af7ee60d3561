namespace Fleet.Host.Logs;

/// <summary>
/// A log could not be read or rotated: something else than a log stands there, or the file system refuses.
/// Nothing was lost; the message is for people.
/// </summary>
public sealed class LogRefusedException(string message) : IOException(message);
