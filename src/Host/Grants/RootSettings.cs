namespace Fleet.Host.Grants;

/// <summary>Where the agent finds what root has decided about grants. It only reads there: root's own program decides.</summary>
/// <param name="Policy">The folder of <c>policy.json</c> and <c>allowed_signers</c>.</param>
/// <param name="Socket">Of the root helper.</param>
public sealed record RootSettings(string Policy, string Socket);
