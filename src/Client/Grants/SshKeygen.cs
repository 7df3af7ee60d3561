using System.ComponentModel;
using Fleet.Client.Api;
using Fleet.Client.Linux;

namespace Fleet.Client.Grants;

/// <summary>OpenSSH's own program, which alone makes and verifies signatures here: its formats, its hardware tokens, its agent.</summary>
internal static class SshKeygen
{
    public const string Program = "/usr/bin/ssh-keygen";

    /// <exception cref="RefusedException">The program is missing, or did not answer in time.</exception>
    public static async Task<CommandResult> Run(Command command)
    {
        try
        {
            var result = await command.Run();
            return result.ExitCode == CommandResult.TimedOut
                ? throw new RefusedException(RefusalCode.Unavailable, $"{Program} did not end in {command.Timeout.TotalSeconds} s; ask again")
                : result;
        }
        catch (Win32Exception e)
        {
            throw new RefusedException(RefusalCode.Unavailable, $"{Program} cannot be run: {e.Message}; apt-get install openssh-client");
        }
    }
}
