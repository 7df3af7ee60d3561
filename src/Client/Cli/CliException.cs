using Fleet.Client.Api;

namespace Fleet.Client.Cli;

/// <summary>Ends a command with an error for people and scripts.</summary>
internal sealed class CliException(ApiError error) : Exception(error.Message)
{
    public CliException(string code, string message)
        : this(new ApiError(code, message, []))
    {
    }

    public ApiError Error { get; } = error;
}
