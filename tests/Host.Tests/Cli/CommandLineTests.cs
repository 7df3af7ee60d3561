using System.Net.Sockets;
using System.Text.Json;
using Fleet.Client.Linux;
using Fleet.Host.Tests.Api;
using Fleet.Host.Tests.Audit;
using static Fleet.Host.Tests.Cli.FleetProgram;

namespace Fleet.Host.Tests.Cli;

public sealed class CommandLineTests
{
    private static readonly string[] Names =
    [
        "up", "agent", "doctor", "version", "completion", "host init", "host status", "host processes", "job validate", "job plan", "job run", "job list",
        "job status", "job history", "job diff", "job stop", "job start", "job restart", "job revert", "job logs", "job unsafe", "audit log",
        "root now", "root run", "root request", "root break-glass", "root show", "root approve", "root deny", "root revoke", "root review", "root list",
    ];

    public static TheoryData<string> Commands() => [.. Names];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Each_command_has_a_manual_with_its_exit_codes_and_one_example(string command)
    {
        var help = await Run(null, [.. command.Split(' '), "--help"]);
        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Assert.Contains("Description:", help.Output, StringComparison.Ordinal);
        Assert.Contains("Exit codes:\n  0  done\n", help.Output, StringComparison.Ordinal);
        Assert.Matches($"Example:\n  .*fleet {command}", help.Output);
    }

    [Fact]
    public async Task There_are_no_other_commands()
    {
        var nouns = await Suggestions("fleet ");
        Assert.Equal(["agent", "audit", "completion", "doctor", "host", "job", "root", "up", "version"], nouns);
        var all = new List<string>();
        foreach (var noun in new[] { "audit", "host", "job", "root" })
        {
            all.AddRange((await Suggestions($"fleet {noun} ")).Select(verb => $"{noun} {verb}"));
        }

        Assert.Equal(
            Names.Where(c => c.Contains(' ', StringComparison.Ordinal)).Order(StringComparer.Ordinal), all.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("job lst", "did you mean 'list'?")]
    [InlineData("job list --jsn", "did you mean '--json'?")]
    [InlineData("jbo", "did you mean 'job'?")]
    [InlineData("job", "required command was not provided: see 'fleet job --help'")]
    [InlineData("job diff web one 2", "V1 is a version's number, not 'one'")]
    [InlineData("job logs web -n -1", "0 or more, not '-1'")]
    [InlineData("job logs web -n abc", "0 or more, not 'abc'")]
    [InlineData("job logs web -n 99999999999999", "0 or more, not '99999999999999'")]
    [InlineData("up --dir ", "--dir names a folder")]
    [InlineData("audit log --kind process.exitd", "did you mean 'process.exited'?")]
    [InlineData("job status ../x", "'../x' is not a job")]
    [InlineData("job run /nothing/here.yml", "/nothing/here.yml")]
    [InlineData("job run /nothing/here.yml --timeout soon", "a duration is a number and one of")]
    [InlineData("audit log --since yesterday", "RFC 3339")]
    [InlineData("job list --address http://x", "an address is unix: and a path")]
    [InlineData("completion tcsh", "bash")]
    [InlineData("doctor --config /nothing/here.conf", "/nothing/here.conf: the configuration cannot be read")]
    public async Task A_wrong_command_line_exits_with_2_and_says_what_is_wrong(string line, string says)
    {
        var plain = await Run(null, line.Split(' '));
        Assert.Equal((2, ""), (plain.ExitCode, plain.Output));
        Assert.Contains(says, plain.Error, StringComparison.Ordinal);
        var json = await Run(null, [.. line.Split(' '), "--json"]);
        Assert.Equal(2, json.ExitCode);
        Assert.Equal("invalid", JsonDocument.Parse(json.Error).RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Where_no_agent_answers_the_error_says_where_and_what_to_do()
    {
        var result = await Run(null, "job", "list", "--address", "unix:/tmp/no-agent-here.sock");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no agent answers at unix:/tmp/no-agent-here.sock: start one ('fleet up')", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_does_not_exist_exits_with_3()
    {
        await using var api = await RunningApi.Start();
        Assert.Equal(3, (await Run(api, "job", "status", "nothing")).ExitCode);
    }

    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    public async Task The_version_is_printed(string word)
    {
        var result = await Run(null, word);
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"^fleet \d+\.\d+\.\d+\n$", result.Output);
    }

    [Fact]
    public async Task Validate_needs_no_agent_and_names_each_privilege_and_the_key_that_asks_for_it()
    {
        await using var api = await RunningApi.Start();
        var file = $"{api.Folder}/job.yml";
        await File.WriteAllTextAsync(file, JobFiles.Privileged);
        var valid = await Run(null, "job", "validate", file);
        Assert.Equal((0, ""), (valid.ExitCode, valid.Error));
        Assert.Contains("process web: the baseline, no privileges\n", valid.Output, StringComparison.Ordinal);
        Assert.Contains("  run_as_root  (by unsafe.privileged)\n", valid.Output, StringComparison.Ordinal);
        Assert.EndsWith("it needs a grant to run: fleet root request --job FILE --on HOST --reason TEXT\n", valid.Output, StringComparison.Ordinal);

        await File.WriteAllTextAsync(file, JobFiles.TwoMistakes);
        var invalid = await Run(null, "job", "validate", file);
        Assert.Equal(2, invalid.ExitCode);
        Assert.Matches($@"  {file}:2:\d+: .*colour", invalid.Error);
        Assert.Matches($@"  {file}:6:\d+: .*flavour", invalid.Error);
    }

    [Fact]
    public async Task The_record_is_shown_filtered_and_a_damaged_row_fails_after_what_came_before()
    {
        await using var api = await RunningApi.Start();
        using var journal = new JournalFile(api.Paths.Journal);
        journal.Add(JournalFile.Stopped("web", 1, JournalFile.Noon));
        journal.Add(JournalFile.Exited("web:web", 1, JournalFile.Noon));
        var log = await Run(api, "audit", "log", "--job", "web", "--since", "2026-01-01T00:00:00Z");
        Assert.Equal(
            """
            2026-01-02 12:00:00 +00:00  web               job.stopped.v1              uid:1000(alice)  asked to stop
            2026-01-02 12:00:00 +00:00  web:web           process.exited.v1           agent:host-1  killed by the kernel: out of memory (exit code 137)

            """, log.Output);
        Assert.Equal("", (await Run(api, "audit", "log", "--until", "2026-01-01")).Output);

        journal.Add("job-web", 2, "damaged"u8.ToArray());
        var damaged = await Run(api, "audit", "log", "--json");
        Assert.Equal((1, 2), (damaged.ExitCode, damaged.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Contains("row 3 of the journal (stream job-web, sequence 2)", damaged.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_host_and_its_processes_are_shown()
    {
        await using var api = await RunningApi.Start();
        Assert.Contains("processes   1 running", (await Run(api, "host", "status", "host-1")).Output, StringComparison.Ordinal);
        var processes = (await Run(api, "host", "processes")).Output;
        Assert.Contains("web:web  running  4711  1.5 s  3.0 MiB  baseline", processes, StringComparison.Ordinal);
        Assert.Equal(3, (await Run(api, "host", "status", "elsewhere")).ExitCode);
    }

    [Theory]
    [InlineData("fleet job st", "start status stop")]
    [InlineData("fleet job status w", "web")]
    [InlineData("fleet job run --che", "--check-index")]
    public async Task Bash_completes_commands_options_and_the_names_of_jobs(string line, string replies)
    {
        await using var api = await RunningApi.Start();
        await api.Run("web.yml", JobFiles.Web);
        var words = line.Split(' ');
        var script = $"""
            PATH={AppContext.BaseDirectory}:$PATH
            source <(fleet completion bash)
            COMP_LINE='{line}' COMP_POINT={line.Length} COMP_CWORD={words.Length - 1} COMP_WORDS=({line})
            complete -p fleet >/dev/null && _fleet && echo "$(printf '%s\n' "${"{COMPREPLY[@]}"}" | sort | xargs)"
            """;
        var bash = Command(api) with { Program = "/bin/bash", Args = ["-c", script] };
        var result = await bash.Run();

        // On a busy machine the agent may not answer within completion's half second.
        for (var again = 0; again < 10 && result.Output == "\n"; again++)
        {
            result = await bash.Run();
        }

        Assert.Equal((0, replies + "\n"), (result.ExitCode, result.Output));
    }

    [Theory]
    [InlineData("job list")]
    [InlineData("host status")]
    public async Task Somebody_else_at_the_address_is_told_as_such(string line)
    {
        var folder = Directory.CreateTempSubdirectory("fleet-stranger-").FullName;
        using var stranger = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        stranger.Bind(new UnixDomainSocketEndPoint($"{folder}/s"));
        stranger.Listen();
        var asked = Run(null, [.. line.Split(' '), "--address", $"unix:{folder}/s"]);
        using (var caller = await stranger.AcceptAsync())
        {
            await caller.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"u8.ToArray());
            var answer = await asked;
            Assert.Equal(1, answer.ExitCode);
            Assert.Contains("no agent of Fleet", answer.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", answer.Error, StringComparison.Ordinal);
        }

        Directory.Delete(folder, recursive: true);
    }

    [SkippableTheory]
    [InlineData("zsh", "/usr/bin/zsh")]
    [InlineData("fish", "/usr/bin/fish")]
    public async Task Other_shells_accept_their_script(string shell, string program)
    {
        Skip.IfNot(File.Exists(program), $"{program} is missing: install {shell}");
        var script = await Run(null, "completion", shell);
        Assert.Equal(0, (await new Command(program, "-n", "/dev/stdin") { Input = _ => Task.FromResult(script.Output) }.Run()).ExitCode);
    }

    private static async Task<string[]> Suggestions(string line)
    {
        var suggested = (await Run(null, $"[suggest:{line.Length}]", line)).Output;
        return [.. suggested.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(word => !word.StartsWith('-'))];
    }

    [Theory]
    [InlineData("version >&-", 1, "fleet: standard output: Bad file descriptor")]
    [InlineData("version >/dev/full", 1, "fleet: standard output: No space left on device")]
    [InlineData("nope 2>&-", 2, "")]
    [InlineData("nope 2>/dev/full", 2, "")]
    [InlineData("job list <&- 2>&-", 1, "")]
    [InlineData("job status @nobody", 2, "'@nobody' is not a job")]
    public async Task What_cannot_be_written_and_what_looks_like_a_file_is_told_and_no_more(string words, int code, string error)
    {
        var ran = await new Command("/bin/sh", "-c", $"{Path.Combine(AppContext.BaseDirectory, "fleet")} {words}").Run();
        Assert.Equal(code, ran.ExitCode);
        Assert.Contains(error, ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ran.Error, StringComparison.Ordinal);
    }
}
