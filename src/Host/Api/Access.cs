using Fleet.Client.Api;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Fleet.Host.Api;

/// <summary>Who may use the API. The socket's mode keeps others out as well; this holds where somebody has changed the mode, too.</summary>
/// <param name="AgentUid">The agent's own user.</param>
/// <param name="GroupId">Its members may; null: the host has no such group.</param>
public sealed record Access(int AgentUid, int? GroupId)
{
    /// <summary>Default deny: root, the agent's own user, and members of the group.</summary>
    public bool Allows(Caller caller) =>
        caller.Uid == 0
        || caller.Uid == AgentUid
        || (GroupId is { } group && (caller.Gid == group || caller.Groups.Contains(group)));

    /// <summary>Of the request's connection; a connection that is no unix socket has none, and is refused.</summary>
    /// <exception cref="RefusedException">The caller may not.</exception>
    public Caller Admit(HttpContext http)
    {
        if (http.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            throw new RefusedException(RefusalCode.Denied, "callers are known only on a unix socket: use the agent's socket");
        }

        var caller = Caller.Of(socket);
        return Allows(caller)
            ? caller
            : throw new RefusedException(
                RefusalCode.Denied, $"{caller.Principal.Name} may not use this agent: only root, the agent's own user and members of the group fleet may");
    }
}
