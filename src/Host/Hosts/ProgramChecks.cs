using System.Collections.Immutable;
using System.ComponentModel;
using Fleet.Client.Grants;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Host.Sandboxes;

namespace Fleet.Host.Hosts;

/// <summary>The programs that sandboxes are made of.</summary>
internal static class ProgramChecks
{
    private static readonly Version OldestUnshare = new(2, 38), OldestRunc = new(1, 1);

    /// <param name="sandboxes">What the agent is configured to use: those very files are run, not what the path of whoever asks leads to.</param>
    public static async Task<ImmutableArray<DoctorLine>> All(SandboxSettings sandboxes) =>
    [
        await Runtime(sandboxes.Runtime),
        await Program("conmon", sandboxes.Conmon),
        await Program("tini", sandboxes.Tini),
        await Unshare(),
        SetUid("newuidmap"),
        SetUid("newgidmap"),
        await Keygen(),
    ];

    /// <summary>Being there is not enough: Fleet goes by the ways of the runtime that the file's name promises.</summary>
    private static async Task<DoctorLine> Runtime(string path)
    {
        var name = OciRuntime.NameOf(path);
        var (found, said) = await Try(path, "--version");
        if (!found)
        {
            return DoctorLine.Fail("runtime", said, $"apt-get install {name}, or name another in fleet.sandbox.runtime");
        }

        return said.Split(' ') switch
        {
            [var its, "version", var version, ..] when its == name && (name != "runc" || !IsOlder(version, OldestRunc)) => DoctorLine.Ok("runtime", $"{said} ({path})"),
            ["runc", "version", ..] when name == "runc" => DoctorLine.Fail("runtime", $"{said}; recursive mount options need {OldestRunc}", "upgrade runc, or use crun"),
            _ => DoctorLine.Fail("runtime", $"{path} says of itself '{said}'", $"let fleet.sandbox.runtime be {OciRuntime.Rule}"),
        };
    }

    // Of "1.0.0~rc93+ds1" the numbers.
    private static bool IsOlder(string text, Version than) =>
        Version.TryParse(string.Concat(text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.')), out var version) && version < than;

    private static async Task<DoctorLine> Program(string name, string path)
    {
        var (found, said) = await Try(path, "--version");
        return found ? DoctorLine.Ok(name, said) : DoctorLine.Fail(name, said, $"apt-get install {name}");
    }

    private static async Task<DoctorLine> Unshare()
    {
        var (found, said) = await Try("unshare", "--version");
        return found && Version.TryParse(said.Split(' ').Last(), out var version) && version >= OldestUnshare
            ? DoctorLine.Ok("unshare", said)
            : DoctorLine.Fail("unshare", $"{said}; --map-auto needs util-linux {OldestUnshare}", "upgrade util-linux");
    }

    /// <summary>Jobs do without it; nobody can be granted anything.</summary>
    private static async Task<DoctorLine> Keygen()
    {
        var (_, said) = await Try(SshKeygen.Program, "-Y", "find-principals");
        return said.StartsWith("Too few arguments", StringComparison.Ordinal)
            ? DoctorLine.Ok("ssh-keygen", $"{SshKeygen.Program} verifies signatures")
            : DoctorLine.Warn("ssh-keygen", $"{said}; grants are verified by that of OpenSSH 8.2 or later", "apt-get install openssh-client");
    }

    /// <summary>Distributions give it set-uid root or, as Fedora, a file capability; the latter is not read here.</summary>
    private static DoctorLine SetUid(string name)
    {
        var path = Command.Path.Split(':').Select(folder => $"{folder}/{name}").FirstOrDefault(File.Exists);
        return path switch
        {
            null => DoctorLine.Fail(name, $"{name} is missing", "apt-get install uidmap"),
            _ when Files.Stat(path, out var stat) && (stat.Permissions & 0x800) != 0 && stat.User == 0 => DoctorLine.Ok(name, $"{path}, set-uid root"),
            _ => DoctorLine.Warn(name, $"{path} is not set-uid root; fine if it has cap_setuid as a file capability", "see the line on user namespaces"),
        };
    }

    /// <summary>Runs a program; what it said is its first line of output, or of its error.</summary>
    public static async Task<(bool Worked, string Said)> Try(params string[] command)
    {
        try
        {
            var result = await new Command(command[0], command[1..]) { Timeout = TimeSpan.FromSeconds(10) }.Run();
            var said = (result.Succeeded ? result.Output : result.Error).Trim().Split('\n')[0];
            return (result.Succeeded, said.Length > 0 ? said : result.Succeeded ? "works" : $"exit code {result.ExitCode}");
        }
        catch (Win32Exception e)
        {
            return (false, $"{command[0]} cannot be run: {e.Message}");
        }
    }
}
