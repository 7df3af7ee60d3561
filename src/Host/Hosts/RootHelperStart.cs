using System.Globalization;
using System.Text.Json;
using Fleet.RootTasks;

namespace Fleet.Host.Hosts;

/// <summary>
/// What <c>fleet up</c> does in systemd's place: starts the root helper's listener, and what starts that again, as long as this process is root. Both end with the process
/// whose pid they are told, which stays the same through all that this process becomes.
/// </summary>
/// <param name="options">Whose group may connect, and where root's files are.</param>
/// <param name="pid">Of the agent to be.</param>
/// <param name="people">Where people read what can run as root now.</param>
internal sealed class RootHelperStart(HostInitOptions options, int pid, TextWriter people)
{
    private RootPlaces Root => options.Root;

    /// <summary>The program and its arguments.</summary>
    public IReadOnlyList<string> Command =>
    [
        Root.Helper, "--keep", "--group", Number(Accounts.GroupId(options.User) ?? throw new HostInitException($"there is no group {options.User}", options.Command)),
        .. Root.Prefix.Length == 0 ? [] : (string[])["--prefix", Root.Prefix], "--while", Number(pid),
    ];

    /// <summary>Starts it where root has a policy, and says what can run as root then; an agent without it runs all jobs that need none.</summary>
    public async Task Run()
    {
        switch (RootsPath.Read(Root.Policy, out var bytes))
        {
            case RootsPath.Found:
                await Run(bytes);
                break;
            case RootsPath.Absent:
                Say($"nothing runs as root here: there is no {Root.Policy}; docs/root.md says how to write one");
                break;
            case var other:
                Say($"nothing runs as root here: {other.Line("").Detail}");
                break;
        }
    }

    private async Task Run(byte[] bytes)
    {
        try
        {
            var policy = RootPolicy.Read(bytes);
            if (Obstacle() is { } obstacle)
            {
                Say(obstacle);
                return;
            }

            await new Client.Linux.Command(Command[0], [.. Command.Skip(1)]).Detach();
            Say($"what {policy.Threshold} {(policy.Threshold == 1 ? "person approves" : "people approve")} can run as root here while this agent runs ({Root.Policy})");
            Warn(policy);
        }
        catch (JsonException e)
        {
            Say($"nothing runs as root here: {Root.Policy}: {e.Message}");
        }
    }

    private string? Obstacle() =>
        !File.Exists(Root.Helper) ? $"nothing runs as root here: there is a policy, but no {Root.Helper}; install Fleet whole (make build)"
        : File.Exists(Root.SocketUnit) ? $"systemd has the root helper's socket, so none is started: systemctl status fleet-root.socket ({Root.SocketUnit})"
        : null;

    private void Warn(RootPolicy policy)
    {
        if (RootPolicyChecks.Threshold(policy, Root) is { Status: DoctorStatus.Warn } line)
        {
            Say($"***** WARNING: {line.Detail}; {line.Remedy} *****");
        }
    }

    private void Say(string message) => people.WriteLine($"fleet up: {message}");

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
