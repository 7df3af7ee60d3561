using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Tests.Jobs;

/// <summary>The smallest valid job, to be varied.</summary>
internal static class Sample
{
    public static readonly ProcessSpec Process = new() { Name = "web", Executable = "/bin/web" };

    public static JobSpec Job(params ProcessSpec[] processes) => new(JobId.Parse("shop"), [.. processes], []);

    public static string Mistakes(JobSpec spec, string boshRoot = "/var/vcap") => string.Join('\n', JobRules.Check(spec, boshRoot).Select(m => $"{m.Path}: {m.Message}"));

    public static string Mistakes(ProcessSpec process) => Mistakes(Job(process));
}
