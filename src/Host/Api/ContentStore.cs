using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Hosts;

namespace Fleet.Host.Api;

/// <summary>
/// Secrets and file contents on this host, by digest; only the agent's user can read them. A content that is there under its name is whole and on disk:
/// it is written beside, synced and renamed. Asked twice, it writes once; thread-safe.
/// </summary>
public sealed class ContentStore(HostPaths paths)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="ArgumentException">A content is not what its digest says.</exception>
    /// <exception cref="IOException">The disk is full or cannot be written; then nothing stands under the digest's name.</exception>
    public void Put(IReadOnlyDictionary<Digest, ImmutableArray<byte>> contents)
    {
        if (contents.Count == 0)
        {
            return;
        }

        Directory.CreateDirectory(paths.Contents, OwnerOnly | UnixFileMode.UserExecute);
        foreach (var (digest, content) in contents)
        {
            Put(digest, content.AsSpan());
        }

        SyncFolder();
    }

    /// <summary>Those that are stored and not among <paramref name="named"/>.</summary>
    public ImmutableArray<Digest> Unnamed(IReadOnlySet<Digest> named) =>
        [.. Names().Select(f => Digest.TryParse($"sha256:{f}", out var digest) ? digest : (Digest?)null).OfType<Digest>().Where(d => !named.Contains(d))];

    /// <summary>Removes them, and what a killed agent left half written. Done already: nothing happens. Only while nobody calls <see cref="Put(IReadOnlyDictionary{Digest, ImmutableArray{byte}})"/>.</summary>
    public void Remove(IEnumerable<Digest> contents)
    {
        foreach (var path in contents.Select(paths.Content).Concat(Names().Where(f => f.EndsWith(".tmp", StringComparison.Ordinal)).Select(f => $"{paths.Contents}/{f}")))
        {
            File.Delete(path);
        }
    }

    private IEnumerable<string> Names() => Directory.Exists(paths.Contents) ? Directory.EnumerateFiles(paths.Contents).Select(f => Path.GetFileName(f)) : [];

    private void Put(Digest digest, ReadOnlySpan<byte> content)
    {
        if (Digest.Of(content) != digest)
        {
            throw new ArgumentException($"a content is not what its digest says: {digest}");
        }

        var path = paths.Content(digest);
        if (!File.Exists(path))
        {
            WriteBesideAndRename(path, content);
        }
    }

    private static void WriteBesideAndRename(string path, ReadOnlySpan<byte> content)
    {
        var beside = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var file = new FileStream(beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    // A rename is on disk only when its folder is (fsync(2)).
    private void SyncFolder()
    {
        using var folder = Libc.Open(paths.Contents, Files.Directory);
        if (folder.IsInvalid || Files.Sync(folder) != 0)
        {
            throw new IOException($"{paths.Contents} cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }
}
