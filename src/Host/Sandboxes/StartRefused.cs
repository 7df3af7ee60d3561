using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>Ends a start; <see cref="LinuxSandboxes"/> makes an outcome of it.</summary>
internal sealed class StartRefused(StartFailureCode code, string message) : Exception(message)
{
    public StartFailure Failure { get; } = new(code, message);
}
