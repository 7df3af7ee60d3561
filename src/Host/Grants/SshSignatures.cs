using System.Text.RegularExpressions;
using Fleet.Client.Api;
using Fleet.Client.Grants;
using Fleet.Client.Linux;
using Fleet.Grants;
using Fleet.Ledger;

namespace Fleet.Host.Grants;

/// <summary>Verifies people's signatures, by ssh-keygen and root's <c>allowed_signers</c>. Thread-safe.</summary>
/// <param name="scratch">The agent's own folder for the files that ssh-keygen needs; made where it is not there.</param>
public sealed partial class SshSignatures(RootFolder root, string scratch)
{
    /// <summary>Characters of a signature, at most; those of RSA keys of 16,384 bits have some 6,000.</summary>
    public const int Longest = 16 * 1024;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly string[] Telling = ["has expired", "not yet valid", "not permitted"];

    /// <param name="document">The exact text that is signed.</param>
    /// <param name="purpose">One of <see cref="SignatureNamespaces"/>.</param>
    /// <exception cref="RefusedException">It is none, for another purpose, by nobody whom root knows, or not over this text.</exception>
    public async Task<GrantSignature> Verify(string document, string armored, string purpose)
    {
        var head = HeadOf(armored);
        if (head.Namespace != purpose)
        {
            throw Denied($"the signature is for '{EventText.Visible(head.Namespace)}', and this wants one for '{purpose}': sign with ssh-keygen -Y sign -n {purpose}");
        }

        _ = root.Signers(); // Of a file that is not there, ssh-keygen says nothing that helps.
        var whole = armored.Trim() + "\n";
        var file = Write(whole);
        try
        {
            var verified = await Verify(document, whole, purpose, head.Key, file);
            return SshSignature.Objection(whole, verified.Key) is { } objection ? throw Denied($"the signature of key {verified.Key} does not count: {objection}") : verified;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task<GrantSignature> Verify(string document, string armored, string purpose, string key, string file)
    {
        var found = await SshKeygen.Run(new Command(SshKeygen.Program, "-Y", "find-principals", "-s", file, "-f", root.SignersFile));
        if (!found.Succeeded)
        {
            throw Denied(Why(found) is { } why ? $"key {key} may not sign: {why}" : $"key {key} is nobody's in {root.SignersFile}: sign with a key that is, or ask root to add it (docs/root.md)");
        }

        var refusal = "its line names nobody, but a pattern";
        foreach (var principal in found.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(p => !AllowedSigners.IsPattern(p)))
        {
            var verify = new Command(SshKeygen.Program, "-Y", "verify", "-f", root.SignersFile, "-I", principal, "-n", purpose, "-s", file) { Input = _ => Task.FromResult(document) };
            var verified = await SshKeygen.Run(verify);
            if (verified.Succeeded && Good().Match(verified.Output) is { Success: true } good)
            {
                return new GrantSignature(principal, good.Groups[1].Value, armored);
            }

            refusal = Why(verified) ?? "it is not over the grant's exact bytes, which `fleet root show ID --bytes` writes";
        }

        throw Denied($"the signature of key {key} does not hold: {refusal}");
    }

    private static SshSignature HeadOf(string armored) => armored.Length > Longest
        ? throw new RefusedException(RefusalCode.Invalid, $"a signature has at most {Longest} characters, not {armored.Length}")
        : SshSignature.Read(armored)
            ?? throw new RefusedException(RefusalCode.Invalid, "that is no SSH signature: one begins with -----BEGIN SSH SIGNATURE-----, as ssh-keygen -Y sign writes it");

    // What ssh-keygen says of a line of the file, which is the reason, rather than of the whole, which is not.
    private static string? Why(CommandResult result) =>
        result.Error.Split('\n').FirstOrDefault(line => Telling.Any(words => line.Contains(words, StringComparison.Ordinal)));

    private string Write(string armored)
    {
        Directory.CreateDirectory(scratch, OwnerOnly | UnixFileMode.UserExecute);
        var path = $"{scratch}/{Guid.NewGuid():N}.sig";
        using var file = new StreamWriter(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        file.Write(armored);
        return path;
    }

    [GeneratedRegex(@"^Good .* key (SHA256:\S+)\n\z")]
    private static partial Regex Good();

    private static RefusedException Denied(string message) => new(RefusalCode.Denied, message);
}
