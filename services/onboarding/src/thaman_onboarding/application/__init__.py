"""What onboarding does: each module is one task, built from the domain and the adapters it is handed."""
