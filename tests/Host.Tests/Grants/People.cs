using System.Text.Json;
using Fleet.Client.Grants;
using Fleet.Client.Linux;
using Fleet.RootTasks;

namespace Fleet.Host.Tests.Grants;

/// <summary>People with real SSH keys, and root's files that know them; all in a folder of the test's own.</summary>
public sealed class People(string folder)
{
    /// <summary>A FIDO token in software, by which OpenSSH tests itself. It needs no hand, and says that it was touched wherever the key's file asks for that.</summary>
    public static readonly string Token = Path.Combine(AppContext.BaseDirectory, "sk-dummy.so");

    /// <summary>Where that token is there for whom a program is run.</summary>
    public static IReadOnlyDictionary<string, string> WithToken { get; } = new Dictionary<string, string> { ["SSH_SK_PROVIDER"] = Token };

    public static void NeedToken() => Skip.IfNot(File.Exists(Token), $"{Token} is missing: run build/install-deps.sh test");

    /// <summary>Root's: policy.json and allowed_signers.</summary>
    public string Folder => $"{folder}/root";

    public string Signers => $"{Folder}/allowed_signers";

    /// <param name="jobs">Null: no job has more than the baseline there.</param>
    /// <summary>Of fleet <c>shop</c> and host <c>host-1</c>, with two approvals by others than who asks.</summary>
    public void WritePolicy(string breakGlass = """{"requester_counts":true,"longest_window_seconds":3600}""", int agent = 1000, JobsPolicy? jobs = null)
    {
        MakeFolder();
        File.WriteAllText($"{Folder}/policy.json", $$"""
            {"fleet_root_policy":1,"fleet":"shop","host":"host-1","labels":{"role":"web"},"agent":{{agent}},"threshold":2,"requester_counts":false,"required_teams":[],
             "longest_timeout_seconds":600,"longest_window_seconds":86400,"break_glass":{{breakGlass}},
             "jobs":{{(jobs is null ? "null" : JsonSerializer.Serialize(jobs, RootJson.Default.JobsPolicy))}}}
            """);
    }

    /// <summary>Makes a key and lets root's file know it.</summary>
    /// <param name="options">Of the line in allowed_signers, such as <c>valid-before="20200101"</c>.</param>
    /// <returns>The key's file.</returns>
    public async Task<string> Join(string principals, string type = "ed25519", string options = "", string passphrase = "")
    {
        var key = await Key(type, passphrase);
        var words = (await File.ReadAllTextAsync($"{key}.pub")).Split(' ');
        MakeFolder();
        await File.AppendAllTextAsync(Signers, $"{principals} {options} {words[0]} {words[1]}\n");
        return key;
    }

    /// <summary>A key that nobody knows.</summary>
    /// <param name="type">One of a token's ends with <c>-sk</c>, and options of it may follow: <c>ed25519-sk,no-touch-required</c>.</param>
    public async Task<string> Key(string type = "ed25519", string passphrase = "")
    {
        Directory.CreateDirectory($"{folder}/keys");
        var key = $"{folder}/keys/{Guid.NewGuid():N}";
        var (kind, options) = (type.Split(',')[0], type.Split(',')[1..].SelectMany(option => (string[])["-O", option]));
        string[] token = kind.EndsWith("-sk", StringComparison.Ordinal) ? ["-w", Token, .. options] : [];
        await Must(new Command(SshKeygen.Program, ["-q", "-t", kind, .. token, "-N", passphrase, "-f", key]));
        return key;
    }

    /// <summary>As people sign where there is no Fleet.</summary>
    public static async Task<string> Sign(string key, string purpose, string text, IReadOnlyDictionary<string, string>? env = null) =>
        (await Must(new Command(SshKeygen.Program, "-q", "-Y", "sign", "-n", purpose, "-f", key) { Input = _ => Task.FromResult(text), Env = env ?? WithToken })).Output;

    public static async Task<CommandResult> Must(Command command)
    {
        var result = await command.Run();
        Assert.True(result.Succeeded, $"{command.Program} {string.Join(' ', command.Args)}: {result.Error}");
        return result;
    }

    private void MakeFolder() => Directory.CreateDirectory(Folder);
}
