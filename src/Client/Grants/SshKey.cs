using Fleet.Client.Api;
using Fleet.Client.Linux;

namespace Fleet.Client.Grants;

/// <summary>A key with which somebody signs: the file of a private key, or of the public half of one that ssh-agent or a token holds.</summary>
/// <param name="file">Absolute path.</param>
internal sealed class SshKey(string file)
{
    /// <summary>As ssh(1) looks for them, those that want no token first.</summary>
    public static readonly string[] DefaultNames = ["id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk"];

    // ssh-keygen finds ssh-agent, a token's library and a window to ask in by these.
    private static readonly string[] Passed =
        ["SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "SSH_SK_PROVIDER", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "HOME", "TERM"];

    // Somebody looks for a token, or for a passphrase.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <param name="file">Null: the first of the caller's own keys.</param>
    /// <exception cref="RefusedException">There is no such file.</exception>
    public static SshKey Find(string? file)
    {
        if (file is not null)
        {
            return File.Exists(file) ? new SshKey(Path.GetFullPath(file)) : throw new RefusedException(RefusalCode.Invalid, $"there is no key {file}");
        }

        var folder = $"{Environment.GetEnvironmentVariable("HOME")}/.ssh";
        var found = DefaultNames.SelectMany(name => new[] { $"{folder}/{name}", $"{folder}/{name}.pub" }).FirstOrDefault(File.Exists);
        return found is not null
            ? new SshKey(found)
            : throw new RefusedException(
                RefusalCode.Invalid, $"{folder} has none of {string.Join(", ", DefaultNames)}: name a key with --key; a .pub will do where ssh-agent holds the other half");
    }

    /// <exception cref="RefusedException">It is no key.</exception>
    public async Task<string> Fingerprint()
    {
        var listed = await SshKeygen.Run(new Command(SshKeygen.Program, "-l", "-E", "sha256", "-f", file));
        return listed.Succeeded && listed.Output.Split(' ') is [_, var fingerprint, ..]
            ? fingerprint
            : throw new RefusedException(RefusalCode.Invalid, $"{file} is no SSH key: {listed.Error.Trim()}");
    }

    /// <summary>Signs as <c>ssh-keygen -Y sign</c> does, which asks for a passphrase, or for a touch, on the terminal if there is one.</summary>
    /// <exception cref="RefusedException">It did not sign.</exception>
    public async Task<string> Sign(string text, string purpose)
    {
        // A file, and not its standard input: that is where ssh-keygen looks for a terminal.
        var folder = Directory.CreateTempSubdirectory("fleet-sign-").FullName;
        try
        {
            var document = $"{folder}/document";
            await File.WriteAllTextAsync(document, text);
            var signed = await SshKeygen.Run(new Command(SshKeygen.Program, "-q", "-Y", "sign", "-n", purpose, "-f", file, document)
            {
                Env = Passed.Where(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 }).ToDictionary(name => name, name => Environment.GetEnvironmentVariable(name)!),
                AtTerminal = !Console.IsInputRedirected,
                Timeout = Patience,
            });
            return signed.Succeeded ? await File.ReadAllTextAsync($"{document}.sig") : throw new RefusedException(RefusalCode.Unavailable, Failed(signed));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string Failed(CommandResult signed)
    {
        var said = signed.Error.Trim() is { Length: > 0 } error ? $": {error}" : "";
        return $"{file} did not sign{said}; a key with a passphrase signs on a terminal, or anywhere once ssh-add has put it into ssh-agent; one of a token signs where that is plugged in";
    }
}
