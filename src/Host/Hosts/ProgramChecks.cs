using System.Collections.Immutable;
using System.ComponentModel;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>The programs that sandboxes are made of.</summary>
internal static class ProgramChecks
{
    private static readonly Version OldestUnshare = new(2, 38);

    public static async Task<ImmutableArray<DoctorLine>> All() =>
    [
        await Runtime(),
        await Program("conmon", DoctorStatus.Fail, "apt-get install conmon"),
        await Program("tini", DoctorStatus.Fail, "apt-get install tini"),
        await Unshare(),
        SetUid("newuidmap"),
        SetUid("newgidmap"),
    ];

    /// <summary>crun, or else runc, which starts more slowly.</summary>
    private static async Task<DoctorLine> Runtime()
    {
        var (crun, said) = await Try("crun", "--version");
        if (crun)
        {
            return DoctorLine.Ok("runtime", said);
        }

        var (runc, other) = await Try("runc", "--version");
        return runc
            ? DoctorLine.Warn("runtime", $"{other}, and no crun: starts take longer", "apt-get install crun")
            : DoctorLine.Fail("runtime", "neither crun nor runc can be run", "apt-get install crun");
    }

    private static async Task<DoctorLine> Program(string name, DoctorStatus otherwise, string remedy)
    {
        var (found, said) = await Try(name, "--version");
        return found ? DoctorLine.Ok(name, said) : new DoctorLine(name, otherwise, said, remedy);
    }

    private static async Task<DoctorLine> Unshare()
    {
        var (found, said) = await Try("unshare", "--version");
        return found && Version.TryParse(said.Split(' ').Last(), out var version) && version >= OldestUnshare
            ? DoctorLine.Ok("unshare", said)
            : DoctorLine.Fail("unshare", $"{said}; --map-auto needs util-linux {OldestUnshare}", "upgrade util-linux");
    }

    /// <summary>Distributions give it set-uid root or, as Fedora, a file capability; the latter is not read here.</summary>
    private static DoctorLine SetUid(string name)
    {
        var path = Command.Path.Split(':').Select(folder => $"{folder}/{name}").FirstOrDefault(File.Exists);
        return path switch
        {
            null => DoctorLine.Fail(name, $"{name} is missing", "apt-get install uidmap"),
            _ when Libc.Files.Stat(path, out var stat) && (stat.Permissions & 0x800) != 0 && stat.User == 0 => DoctorLine.Ok(name, $"{path}, set-uid root"),
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
