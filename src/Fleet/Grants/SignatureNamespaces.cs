namespace Fleet.Grants;

/// <summary>What a signature is for (PROTOCOL.sshsig): one for another purpose, over the same bytes, is none.</summary>
public static class SignatureNamespaces
{
    /// <summary>Of who asks for a grant.</summary>
    public const string Request = "fleet-request";

    /// <summary>Of who approves it.</summary>
    public const string Grant = "fleet-grant";

    /// <summary>Of who has looked at a use of break-glass afterwards.</summary>
    public const string Review = "fleet-review";

    /// <summary>Of who takes a grant away, over a <see cref="RootTasks.RootRevocation"/>.</summary>
    public const string Revoke = "fleet-revoke";

    /// <summary>Of a host's root helper, over what it says of a use.</summary>
    public const string Receipt = "fleet-receipt";
}
