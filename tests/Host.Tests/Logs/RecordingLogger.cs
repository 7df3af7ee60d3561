using Microsoft.Extensions.Logging;

namespace Fleet.Host.Tests.Logs;

public sealed class RecordingLogger<T> : ILogger<T>
{
    public List<string> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId id, TState state, Exception? error, Func<TState, Exception?, string> format) =>
        Lines.Add(format(state, error));
}
