using System.ComponentModel;
using System.Runtime.InteropServices;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Hosts;

/// <summary>
/// A folder of the agent's user with its mode. Root makes it by descriptors and follows no link: below its anchor the agent could have planted
/// one, and would else be given a folder of the system.
/// </summary>
internal sealed class FolderRequirement(HostInitOptions options, HostFolder folder) : Requirement($"folder {folder.Path}")
{
    public string Path => folder.Path;

    public override Finding Check()
    {
        var problem = Files.Stat(folder.Path, out var stat) switch
        {
            false => Marshal.GetLastPInvokeError() == Errno.ENOENT ? "is missing" : $"cannot be looked at: {LastError}",
            _ when !stat.IsFolder => "is not a folder",
            _ when stat.User != Accounts.User(options.User)?.Uid => $"belongs to {Accounts.NameOf(stat.User)}, not to {options.User}",
            _ when stat.Permissions != folder.Mode => $"has mode {Octal(stat.Permissions)}, not {Octal(folder.Mode)}",
            _ => null,
        };
        return problem is null
            ? new Finding.Ok($"{options.User}, mode {Octal(folder.Mode)}")
            : new Finding.Missing($"{folder.Path} {problem}", options.Command);
    }

    public override Task<string> Establish()
    {
        var user = Accounts.User(options.User) ?? throw new HostInitException($"there is no user {options.User} to give {folder.Path} to", options.Command);
        using var handle = OpenOrMake(user);
        Libc.Stat(handle, out var before);
        RefuseForeign(user, before);
        Check(Files.ChangeOwner(handle, user.Uid, user.Gid), "change the owner of");
        Check(Files.ChangeMode(handle, folder.Mode), "change the mode of");
        return Task.FromResult($"{folder.Path} belongs to {options.User}, mode {Octal(folder.Mode)}");
    }

    private void RefuseForeign(Account user, Statx before)
    {
        if (before.User != 0 && before.User != user.Uid)
        {
            throw new HostInitException($"{folder.Path} belongs to {Accounts.NameOf(before.User)}", $"choose another folder, or: chown {options.User} {folder.Path}");
        }

        // Giving away a folder of root's that holds something else, such as /etc, would hand over what is in it.
        if (before.User == 0 && folder.Relative.Length == 0
            && Directory.EnumerateFileSystemEntries(folder.Path).Select(System.IO.Path.GetFileName).FirstOrDefault(name => !HostFolders.IsKnown(name!)) is { } foreign)
        {
            throw new HostInitException($"{folder.Path} belongs to root and holds {foreign}, which is not Fleet's", "choose an empty or a new folder");
        }
    }

    private SafeFileHandle OpenOrMake(Account user)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(folder.Anchor)!);
        using var above = Libc.Open(System.IO.Path.GetDirectoryName(folder.Anchor)!, Libc.ReadOnly | Files.Directory);
        Check(above.IsInvalid ? -1 : 0, "open the folder above");
        var at = Step(above, System.IO.Path.GetFileName(folder.Anchor));
        RefuseUngiven(at, user);
        foreach (var name in folder.Relative.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using var parent = at;
            at = Step(parent, name);
        }

        return at;
    }

    // Nothing is made in an anchor that was refused to the agent before, such as /etc.
    private void RefuseUngiven(SafeFileHandle anchor, Account user)
    {
        if (folder.Relative.Length > 0 && Libc.Stat(anchor, out var stat) && stat.User != user.Uid)
        {
            throw new HostInitException($"{folder.Anchor} is not {options.User}'s, so {folder.Relative} was not made in it", "first see to the folder above");
        }
    }

    private SafeFileHandle Step(SafeFileHandle parent, string name)
    {
        if (Files.MakeFolderAt(parent, name, 0x1ED /* 0755 */) != 0 && Marshal.GetLastPInvokeError() != Errno.EEXIST)
        {
            Check(-1, "make");
        }

        var next = Files.OpenAt2(parent, name, Libc.ReadOnly | Files.Directory | Files.NoFollow, 0, Files.ResolveNoSymlinks | Files.ResolveBeneath);
        Check(next.IsInvalid ? -1 : 0, "open without following a link");
        return next;
    }

    private void Check(int answer, string what)
    {
        if (answer != 0)
        {
            throw new HostInitException($"could not {what} {folder.Path}: {LastError}", "see the reason, then run it again");
        }
    }

    private static string LastError => new Win32Exception(Marshal.GetLastPInvokeError()).Message;

    internal static string Octal(uint mode) => "0" + Convert.ToString(mode, 8);
}
