using System.CommandLine;
using System.CommandLine.Parsing;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Privileges;

namespace Fleet.Client.Cli;

/// <summary>The options by which somebody asks that a job may run with more than the baseline, in place of a command's.</summary>
internal sealed class RootJobOptions
{
    private readonly Option<string?> job = new("--job") { Description = "The job file that may run, with what it asks for; in place of a COMMAND.", HelpName = "FILE" };
    private readonly Option<string?> name = JobFileCommands.Name();
    private readonly Option<string[]> set = JobFileCommands.Set();

    private readonly Option<string> atEnd = new Option<string>("--at-end")
    {
        Description = "What becomes of the job's processes when the grant is over: stop, or keep_running, which are not started again.", HelpName = "WHAT", DefaultValueFactory = _ => "stop",
    }.AcceptOnlyFromAmong("stop", "keep_running");

    public Symbol[] All => [job, name, set, atEnd];

    public bool IsAsked(Session session) => session.Value(job) is not null;

    /// <summary>Says what of a command line does not go together.</summary>
    public void Check(CommandResult line, RootTaskOptions task)
    {
        if (line.GetValue(job) is null)
        {
            Refuse(line, All, "is of a job: name its file with --job");
            if (!task.HasCommand(line))
            {
                line.AddError("what is asked for? a COMMAND by its absolute path, after --, or a job with --job FILE");
            }

            return;
        }

        Refuse(line, task.Own, "is of a root task, and --job asks for a job, which has it not");
        if (task.HasCommand(line))
        {
            line.AddError("--job asks for a job and a COMMAND for a root task: one of them");
        }
    }

    /// <summary>What the file asks for, read as the agent reads it; the agent's word for it is not taken.</summary>
    /// <exception cref="CliException">The file has mistakes, or asks for nothing that must be granted.</exception>
    public GrantDocument Document(Session session, RootGrantOptions grant, RootPolicyInfo policy, string requester, bool breakGlass, string boshRoot)
    {
        var file = session.Value(job)!;
        var spec = JobFileCommands.Spec(file, session.Value(name), session.Value(set)!, boshRoot);
        var asked = PrivilegeSet.Of(spec);
        if (asked.IsBaseline)
        {
            throw new CliException(ErrorCodes.Invalid, $"job {spec.Id} asks for nothing beyond the baseline and needs no grant: fleet job run {file}");
        }

        var end = session.Value(atEnd) == "stop" ? AtEnd.Stop : AtEnd.KeepRunning;
        return grant.Document(session, policy, requester, breakGlass, asked, null, new PrivilegedJob(spec.Id, JobDigest.Of(spec), end));
    }

    private static void Refuse(CommandResult line, IEnumerable<Symbol> symbols, string why)
    {
        foreach (var option in symbols.OfType<Option>().Where(option => line.GetResult(option) is { Implicit: false }))
        {
            line.AddError($"{option.Name} {why}");
        }
    }
}
