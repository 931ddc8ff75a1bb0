"""Routes of agents under /v1."""

from django.urls import path

from agents.api.views.admin_agents import SweepBrokenAgentsView
from agents.api.views.agents import AgentAttestView, AgentsView, AgentView
from agents.api.views.builds import AgentBuildView
from agents.api.views.files import AgentFilesView, AgentFileView

urlpatterns = [
    path("admin/agents/sweep-broken", SweepBrokenAgentsView.as_view()),
    path("room-agents", AgentsView.as_view()),
    path("room-agents/<str:agent_id>", AgentView.as_view()),
    path("room-agents/<str:agent_id>/attest", AgentAttestView.as_view()),
    path("room-agents/<str:agent_id>/build", AgentBuildView.as_view()),
    path("room-agents/<str:agent_id>/files", AgentFilesView.as_view()),
    path("room-agents/<str:agent_id>/files/<path:path>", AgentFileView.as_view()),
]
