using System.CommandLine;
using System.Text;
using Fleet.Client.Api;
using Fleet.Client.Jobs;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Privileges;

namespace Fleet.Client.Cli;

internal static class JobFileCommands
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static FleetCommand[] All() => [Validate(), Plan(), RunCommand.Run()];

    public static Argument<string> File() => new("FILE") { Description = "The job file; a rendered bpm.yml is one." };

    public static Option<string?> Name() => new("--name") { Description = "The job's name, for a file that gives none.", HelpName = "NAME" };

    public static Option<string[]> Set() => new("--set")
    {
        Description = "Put a value in place of the file's, such as processes.web.limits.memory=1g. Can be given more than once.",
        HelpName = "KEY=VALUE",
        DefaultValueFactory = _ => [],
    };

    /// <summary>
    /// What is sent to the agent, which reads the file again itself. The file is read here first, so that mistakes are shown with the path that the caller
    /// typed, and a file that is too large or no file at all never travels.
    /// </summary>
    public static RunRequest Request(string path, string? name, string[] set, long? checkIndex)
    {
        var values = Values(set);
        Read(path, name, values);
        return Readable(path, () => new RunRequest(path, Strict.GetString(System.IO.File.ReadAllBytes(path)), name, values, checkIndex));
    }

    /// <summary>What a file says, as an agent reads it.</summary>
    /// <param name="boshRoot">BPM's root on the agent's host: a path that is given in its terms is that of the sandbox.</param>
    /// <exception cref="CliException">It has mistakes, all of which are told.</exception>
    public static JobSpec Spec(string path, string? name, string[] set, string boshRoot) => Read(path, name, Values(set), boshRoot).Spec;

    private static JobSubmission Read(string path, string? name, Dictionary<string, string> set, string boshRoot = HostPaths.Inside)
    {
        var result = Readable(path, () => JobFileReader.ReadFile(path, new JobFileOptions { Name = name, Set = set, BoshRoot = boshRoot }));
        return result.Submission ?? throw new CliException(ApiError.Of(result.Mistakes));
    }

    private static T Readable<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ErrorCodes.Invalid, $"{path} cannot be read: {e.Message}");
        }
    }

    private static FleetCommand Validate()
    {
        var (file, name, set) = (File(), Name(), Set());
        return new FleetCommand(
            "validate", "Checks a job file: all its mistakes at once, or the privileges it asks for and why. Needs no agent.", "fleet job validate redis.yml")
            .With(file, name, set)
            .Runs((session, _) =>
            {
                var spec = Read(session.Value(file), session.Value(name), Values(session.Value(set)!)).Spec;
                return Task.FromResult(session.Print(Validated(spec), () => CliJson.Indented.ValidateReport, Text));
            });
    }

    private static FleetCommand Plan()
    {
        var (file, name, set) = (File(), Name(), Set());
        return new FleetCommand("plan", "Shows what 'job run' would change, and which grants are missing. Changes nothing.", "fleet job plan redis.yml")
            .With(file, name, set)
            .Runs(async (session, cancel) =>
            {
                var request = Request(session.Value(file), session.Value(name), session.Value(set)!, null);
                using var client = session.Client();
                var plan = await client.Post("/v1/jobs/plan", request, ApiJson.Default.RunRequest, ApiJson.Default.PlanReply, cancel);
                return session.Print(plan, () => ApiJson.Indented.PlanReply, PlanText.Of);
            });
    }

    private static Dictionary<string, string> Values(string[] set)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in set)
        {
            var equals = pair.IndexOf('=');
            if (equals < 1 || !values.TryAdd(pair[..equals], pair[(equals + 1)..]))
            {
                throw new CliException(ErrorCodes.Invalid, $"--set takes KEY=VALUE, each key once, not '{pair}'");
            }
        }

        return values;
    }

    private static ValidateReport Validated(JobSpec spec)
    {
        var processes = spec.Processes.Select(p => new ValidatedProcess(
            p.Name, [.. PrivilegeSet.Asked(spec.Id, p).Select(a => new AskedInfo(PrivilegeText.Format(a.Privilege), a.Why))])).ToArray();
        return new ValidateReport(spec.Id.ToString(), JobDigest.Of(spec).ToString(), !PrivilegeSet.Of(spec).IsBaseline, processes);
    }

    private static string Text(ValidateReport report)
    {
        var text = new StringBuilder().AppendLine($"job {report.Job} ({JobText.Short(report.Digest)}) is valid").AppendLine($"content {report.Digest}");
        foreach (var process in report.Processes)
        {
            text.AppendLine($"process {process.Name}: {(process.Privileges.Length == 0 ? "the baseline, no privileges" : "asks for")}");
            foreach (var (privilege, why) in process.Privileges)
            {
                text.AppendLine($"  {privilege}  (by {why})");
            }
        }

        return text.Append(report.NeedsGrant ? $"it needs a grant to run: {GrantCheck.HowToAsk("HOST")}\n" : "").ToString();
    }
}
