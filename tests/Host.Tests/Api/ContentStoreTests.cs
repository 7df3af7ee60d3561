using System.Collections.Immutable;
using System.Text;
using Fleet.Client.Linux;
using Fleet.Host.Api;
using Fleet.Hosts;

namespace Fleet.Host.Tests.Api;

public sealed class ContentStoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fleet-contents-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_content_is_kept_under_its_digest_for_the_agents_user_alone_and_written_once()
    {
        var (paths, digest) = (new HostPaths(folder, folder), Put(folder, "hunter2"));
        Assert.Equal("hunter2", File.ReadAllText(paths.Content(digest)));
        Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(paths.Content(digest)));
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(paths.Contents));

        File.SetLastWriteTimeUtc(paths.Content(digest), DateTime.UnixEpoch);
        Put(folder, "hunter2");
        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(paths.Content(digest)));
        Assert.Single(Directory.GetFiles(paths.Contents));
    }

    [Fact]
    public void A_content_that_is_not_what_its_digest_says_is_refused()
    {
        var contents = ImmutableDictionary<Digest, ImmutableArray<byte>>.Empty.Add(Digest.Of("one"), [.. "two"u8]);
        Assert.Throws<ArgumentException>(() => new ContentStore(new HostPaths(folder, folder)).Put(contents));
        Assert.Empty(Directory.GetFiles($"{folder}/contents"));
    }

    [Fact]
    public void What_nobody_names_is_found_and_removed_with_what_was_left_half_written_and_the_rest_stays()
    {
        var (kept, orphan) = (Put(folder, "kept"), Put(folder, "orphan"));
        var store = new ContentStore(new HostPaths(folder, folder));
        File.WriteAllText($"{folder}/contents/{orphan.Hex}.{Guid.NewGuid():N}.tmp", "orp");
        Assert.Equal(orphan, Assert.Single(store.Unnamed(new HashSet<Digest> { kept })));
        store.Remove([orphan]);
        store.Remove([orphan]);
        Assert.Equal([kept.Hex], Directory.GetFiles($"{folder}/contents").Select(f => Path.GetFileName(f)));
        Assert.Empty(new ContentStore(new HostPaths($"{folder}/no", folder)).Unnamed(new HashSet<Digest>()));
    }

    [SkippableFact]
    public async Task On_a_full_disk_nothing_stands_under_the_digests_name()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "mounting a small file system needs root");
        var small = $"{folder}/small";
        Directory.CreateDirectory(small);
        Skip.IfNot((await new Command("/usr/bin/mount", "-t", "tmpfs", "-o", "size=64k", "none", small).Run()).Succeeded, "a tmpfs cannot be mounted here");
        try
        {
            Assert.Throws<IOException>(() => Put(small, new string('x', 1 << 20)));
            Assert.Empty(Directory.GetFiles($"{small}/contents"));
        }
        finally
        {
            await new Command("/usr/bin/umount", small).Run();
        }
    }

    private static Digest Put(string state, string text)
    {
        var digest = Digest.Of(text);
        new ContentStore(new HostPaths(state, state)).Put(
            ImmutableDictionary<Digest, ImmutableArray<byte>>.Empty.Add(digest, [.. Encoding.UTF8.GetBytes(text)]));
        return digest;
    }
}
