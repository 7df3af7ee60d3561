using System.Text;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

/// <summary>Where the agent listens: <c>unix:/path</c>.</summary>
internal static class Address
{
    public const string Default = "unix:/run/fleet/api.sock";
    public const string Variable = "FLEET_ADDRESS";

    /// <summary>Bytes of a socket's path, at most (unix(7)).</summary>
    public const int LongestPath = 107;

    private const string Scheme = "unix:";

    /// <summary>The socket's path; one that is relative is so to the folder that the command was called in.</summary>
    /// <exception cref="CliException">Not an address.</exception>
    public static string Socket(string address)
    {
        if (!address.StartsWith(Scheme, StringComparison.Ordinal) || address.Length == Scheme.Length)
        {
            throw new CliException(ErrorCodes.Invalid, $"an address is unix: and a path, such as {Default}, not '{address}'");
        }

        var path = Path.GetFullPath(address[Scheme.Length..]);
        return Encoding.UTF8.GetByteCount(path) <= LongestPath
            ? path
            : throw new CliException(ErrorCodes.Invalid, $"a socket's path has at most {LongestPath} bytes: '{path}'; use a shorter one");
    }
}
