using Fleet.Client.Linux;
using static Fleet.Host.Tests.Cli.FleetProgram;

namespace Fleet.Host.Tests.Cli;

/// <summary>What is done on the very host: <c>fleet</c> becomes <c>fleet-host</c> beside it, if that is what lies there.</summary>
public sealed class HostProgramTests : IDisposable
{
    private const UnixFileMode Everybody = (UnixFileMode)0x1ED;

    private readonly string folder = Directory.CreateTempSubdirectory("fleet-beside-").FullName;

    public HostProgramTests() => Copy("fleet");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_command_of_the_host_gets_the_words_as_they_were_given()
    {
        var doctor = await Run(null, "doctor", "--config", "/nothing here/\"agent\".conf");
        Assert.Equal((2, ""), (doctor.ExitCode, doctor.Output));
        Assert.Contains("/nothing here/\"agent\".conf", doctor.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_host_s_program_a_command_of_the_host_says_so_and_the_others_go_on()
    {
        await Refused($"this command is one of {folder}/fleet-host, which cannot be run: No such file or directory");
        Assert.Equal(0, (await Fleet("version")).ExitCode);
    }

    [Theory]
    [InlineData("ln -s fleet fleet-host")]
    [InlineData("ln fleet fleet-host")]
    [InlineData("cp fleet fleet-host")]
    [InlineData("printf '#!/bin/sh\\nexec \"${0%%-host}\" \"$@\"\\n' >fleet-host; chmod +x fleet-host")]
    public async Task A_host_s_program_that_is_fleet_itself_is_refused_instead_of_called_for_ever(string made)
    {
        Copy("fleet-host.dll");
        await new Command("/bin/sh", "-ec", made) { WorkingDirectory = folder }.Run();
        await Refused($"and {folder}/fleet");
        await Refused("is fleet itself: put fleet-host and fleet-host.dll of the same build there");
    }

    [Theory]
    [InlineData("cp \"$BUILT/fleet-host\" .")]
    [InlineData("mkdir real; cp \"$BUILT/fleet-host\" real; ln -s real/fleet-host .", "real/")]
    public async Task A_host_s_program_without_what_it_runs_is_told_in_our_own_words(string made, string where = "")
    {
        await new Command("/bin/sh", "-ec", made) { WorkingDirectory = folder, Env = new Dictionary<string, string> { ["BUILT"] = Staged.Built } }.Run();
        await Refused($"this command is one of {folder}/fleet-host, which cannot be run without {folder}/{where}fleet-host.dll: put the files of one build in one folder");
    }

    [Fact]
    public async Task A_host_s_program_that_is_a_link_to_a_whole_one_is_run()
    {
        File.CreateSymbolicLink($"{folder}/fleet-host", $"{Staged.Built}/fleet-host");
        var doctor = await Fleet("doctor", "--config", "/nothing/here.conf");
        Assert.Equal(2, doctor.ExitCode);
        Assert.Contains("/nothing/here.conf: the configuration cannot be read", doctor.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("$$ 9.8.7", "fleet is version 9.8.7 and fleet-host beside it version ")]
    [InlineData("$$ ", "fleet is version  and fleet-host beside it version ")]
    public async Task A_fleet_of_another_version_is_refused_before_its_words_are_read(string caller, string says)
    {
        foreach (var (words, begins) in new[] { ("doctor --since-then", "fleet: "), ("doctor --json", "{\"error") })
        {
            var ran = await CalledBy(caller, words);
            Assert.Equal((1, ""), (ran.ExitCode, ran.Output));
            Assert.Contains(says, ran.Error, StringComparison.Ordinal);
            Assert.StartsWith(begins, ran.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("$$ $VERSION")]
    [InlineData("1 9.8.7")]
    [InlineData("")]
    public async Task A_fleet_of_the_same_version_is_served_and_so_is_who_calls_the_host_s_program_itself(string caller)
    {
        var ran = await CalledBy(caller, "--version");
        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
    }

    [Fact]
    public async Task A_program_that_was_replaced_while_it_ran_becomes_nobody_s()
    {
        await File.WriteAllTextAsync($"{folder}/fleet-host", "#!/bin/sh\necho nobody\n");
        File.SetUnixFileMode($"{folder}/fleet-host", Everybody);
        var ran = await new Command("/bin/sh", "-c", "exec 9<fleet; rm fleet; exec /proc/self/fd/9 doctor") { WorkingDirectory = folder }.Run();
        Assert.Equal((1, ""), (ran.ExitCode, ran.Output));
        Assert.Contains("this program was replaced while it ran", ran.Error, StringComparison.Ordinal);
    }

    private void Copy(string file) => File.Copy($"{Staged.Built}/{file}", $"{folder}/{file}");

    // An exec keeps the shell's pid, as it keeps fleet's.
    private static async Task<CommandResult> CalledBy(string caller, string words)
    {
        var script = $"VERSION=$(\"$BUILT/fleet\" version); VERSION=${{VERSION#fleet }}; FLEET_CALLED_BY=\"{caller}\" exec \"$BUILT/fleet-host\" {words}";
        var command = Command(null, "-c", script);
        return await (command with { Program = "/bin/sh", Env = new Dictionary<string, string>(command.Env) { ["BUILT"] = Staged.Built } }).Run();
    }

    // As people and as programs read it.
    private async Task Refused(string says)
    {
        foreach (var words in (string[][])[["doctor"], ["doctor", "--json"]])
        {
            var doctor = await Fleet(words);
            Assert.Equal((1, ""), (doctor.ExitCode, doctor.Output));
            Assert.Contains(says, doctor.Error, StringComparison.Ordinal);
            Assert.Equal(words.Length == 1 ? "fleet: " : "{\"error", doctor.Error[..7]);
            Assert.Single(doctor.Error.TrimEnd('\n').Split('\n'));
        }
    }

    private Task<CommandResult> Fleet(params string[] words) => (Command(null, words) with { Program = $"{folder}/fleet", Timeout = TimeSpan.FromSeconds(20) }).Run();
}
