using System.Text;
using System.Text.Json;
using Fleet.Grants;
using Fleet.RootTasks;

namespace Fleet.RootHelper.RootTasks;

/// <summary>What root has decided on this host, read anew for each request: the policy, and the keys of those who may sign.</summary>
/// <param name="Signers">The bytes of allowed_signers, as ssh-keygen reads them.</param>
/// <param name="Digest">Of both files.</param>
internal sealed record HostPolicy(RootPolicy Policy, byte[] Signers, Digest Digest)
{
    private const int LongestPolicy = 64 * 1024, LongestSigners = 1024 * 1024;

    /// <exception cref="Denied">A file is not there, not root's alone, or not to the letter.</exception>
    public static HostPolicy Read(Places places)
    {
        var policy = Read(places.Policy, LongestPolicy, RootDenial.PolicyUnusable);
        var signers = Read(places.Signers, LongestSigners, RootDenial.SignersUnusable);
        if (AllowedSigners.Read(Encoding.UTF8.GetString(signers)).Mistakes is [var mistake, ..])
        {
            throw new Denied(RootDenial.SignersUnusable, $"{places.Signers}: {mistake.Path}: {mistake.Message}");
        }

        return new HostPolicy(Parse(policy, places.Policy), signers, Fleet.Digest.Of([.. policy, 0, .. signers]));
    }

    private static RootPolicy Parse(byte[] bytes, string path)
    {
        try
        {
            return RootPolicy.Read(bytes);
        }
        catch (JsonException e)
        {
            throw new Denied(RootDenial.PolicyUnusable, $"{path}: {e.Message}");
        }
    }

    private static byte[] Read(string path, int longest, RootDenial denial)
    {
        try
        {
            return RootsOwn.Read(path, longest);
        }
        catch (IOException e)
        {
            throw new Denied(denial, e.Message);
        }
    }
}
