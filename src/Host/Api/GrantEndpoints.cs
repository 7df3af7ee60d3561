using Fleet.Client.Api;
using Fleet.Grants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Host.Api;

internal static class GrantEndpoints
{
    /// <param name="api">Knows who calls.</param>
    public static void MapGrants(this RouteGroupBuilder v1, GrantApi grants, FleetApi api)
    {
        v1.MapGet("/root/policy", RootPolicyInfo () => grants.Policy()).WithSummary("What root on this host has decided about grants");
        v1.MapGet("/grants", Task<GrantList> (string? state) => grants.List(state))
            .WithSummary("Grants that are pending, active or all; those that are not over where no state is given; and break-glass that nobody has reviewed");
        v1.MapPost("/grants", Task<GrantChanged> (GrantRequest body, HttpContext http) => grants.Request(body, api.Cause(http)))
            .WithSummary("Ask for a grant: its document, and the signature of who asks");

        var grant = v1.MapGroup("/grants/{id}");
        grant.MapGet("", Task<GrantDetail> (string id) => grants.Get(Id(id))).WithSummary("One grant, with the exact text that is signed");
        grant.MapPost("/approve", Task<GrantChanged> (string id, SignatureRequest body, HttpContext http) => grants.Approve(Id(id), body, api.Cause(http)))
            .WithSummary("Approve it, by a signature in the namespace fleet-grant");
        grant.MapPost("/review", Task<GrantChanged> (string id, SignatureRequest body, HttpContext http) => grants.Review(Id(id), body, api.Cause(http)))
            .WithSummary("Say that a use of break-glass was looked at, by a signature in the namespace fleet-review");
        grant.MapPost("/deny", Task<GrantChanged> (string id, ReasonRequest body, HttpContext http) => grants.Deny(Id(id), body, api.Cause(http)))
            .WithSummary("Refuse what was asked for");
        grant.MapPost("/revoke", Task<GrantChanged> (string id, RevokeRequest body, HttpContext http) => grants.Revoke(Id(id), body, api.Cause(http)))
            .WithSummary("End it, and what runs under it, before its time");
        grant.MapPost("/run", IResult (string id, RunGrantRequest body, HttpContext http) => Lines(grants.Run(Id(id), body, api.Cause(http), http.RequestAborted)))
            .WithSummary("Run it on this host; a line of JSON for each thing that it says. Closing the connection ends it")
            .Produces<RootRunLine>(200, "application/x-ndjson");
        grant.MapGet("/recording", IResult (string id, int? use) => Results.Text(grants.Recording(Id(id), use ?? 1), "application/x-asciicast"))
            .WithSummary("What a use of it wrote, as asciicast v2");
    }

    private static NdJson<RootRunLine> Lines(IAsyncEnumerable<RootRunLine> lines) => new(lines, ApiJson.Default.RootRunLine);

    private static GrantId Id(string text) =>
        GrantId.TryParse(text, out var id) ? id : throw new RefusedException(RefusalCode.Invalid, $"'{text}' is not a grant: {GrantId.Rule}");
}
