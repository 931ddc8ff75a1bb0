"""Routes of runs under /v1."""

from django.urls import path

from runner.api.views.admin_llm import LlmProbeView
from runner.api.views.admin_runs import AdminRunsView, AdminRunView
from runner.api.views.artifacts import RunArtifactView
from runner.api.views.query_agents import RoomQueryAgentsView
from runner.api.views.quotes import RoomQuoteView
from runner.api.views.receipts import RunReceiptView
from runner.api.views.runs import RoomRunsView, RunsView, RunView

urlpatterns = [
    path("admin/llm-probe", LlmProbeView.as_view()),
    path("admin/runs", AdminRunsView.as_view()),
    path("admin/runs/<str:run_id>", AdminRunView.as_view()),
    path("rooms/<str:room_id>/query-agents", RoomQueryAgentsView.as_view()),
    path("rooms/<str:room_id>/quote", RoomQuoteView.as_view()),
    path("rooms/<str:room_id>/runs", RoomRunsView.as_view()),
    path("runs", RunsView.as_view()),
    path("runs/<str:run_id>", RunView.as_view()),
    path("runs/<str:run_id>/receipt", RunReceiptView.as_view()),
    path("runs/<str:run_id>/artifacts/<path:filename>", RunArtifactView.as_view()),
]
