using System.Text.Json;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.RootTasks;

namespace Fleet.Host.Grants;

/// <summary>
/// What root has decided about grants, read anew each time. Only by it the agent counts approvals and knows people; whether anything runs as root is
/// decided by root's own program, from its own reading of the same files.
/// </summary>
public sealed class RootFolder(string folder)
{
    private const string Remedy = "root sets up both files once, as docs/root.md says";

    public string PolicyFile => $"{folder}/policy.json";

    public string SignersFile => $"{folder}/allowed_signers";

    /// <exception cref="RefusedException">There is none, or it cannot be read: then nobody is granted anything.</exception>
    public RootPolicy Policy()
    {
        try
        {
            return RootPolicy.Read(Read(PolicyFile));
        }
        catch (JsonException e)
        {
            throw new RefusedException(RefusalCode.Denied, $"{PolicyFile} is no policy, so nobody is granted anything: {e.Message}; see docs/root.md");
        }
    }

    /// <exception cref="RefusedException">As of <see cref="Policy"/>.</exception>
    public AllowedSigners Signers() => AllowedSigners.Read(System.Text.Encoding.UTF8.GetString(Read(SignersFile)));

    /// <summary>What root calls this host; null: there is no policy that could say so.</summary>
    public string? Host()
    {
        try
        {
            return Policy().Host;
        }
        catch (RefusedException)
        {
            return null;
        }
    }

    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RefusedException(RefusalCode.Denied, $"there is no {file}, so nobody is granted anything here: {Remedy}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(RefusalCode.Denied, $"{file} cannot be read, so nobody is granted anything: {e.Message}; the agent's user must be able to read it");
        }
    }
}
